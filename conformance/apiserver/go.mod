module karat.dev/conformance/apiserver

go 1.26.8
