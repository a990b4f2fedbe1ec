module git.myhealth.example/${{ values.team }}/${{ values.name }}

go 1.26.0

require git.myhealth.example/platform/chassis v0.0.0

// The chassis is in this repository, as the golden path keeps it.
replace git.myhealth.example/platform/chassis => ./pkg/chassis
