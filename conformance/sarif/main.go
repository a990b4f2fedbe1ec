// Command sarif says whether standard input is a SARIF 2.1.0 log: by the OASIS schema, as go-sarif embeds it, and
// without a property that the format does not have. It prints what is wrong and exits with 1.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

func main() {
	if err := check(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("valid")
}

func check() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	// The schema is held against the parsed report, so a property that the report's types lack must not be dropped
	// unseen.
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var strict sarif.Report
	if err := decoder.Decode(&strict); err != nil {
		return err
	}
	report, err := sarif.FromBytes(text)
	if err != nil {
		return err
	}
	// The types write what is absent as empty, which the schema refuses; absent means these (SARIF 2.1.0, 3.14.7, 3.14.19).
	for _, run := range report.Runs {
		if len(run.NewlineSequences) == 0 {
			run.NewlineSequences = []string{"\r\n", "\n"}
		}
		if run.Language == "" {
			run.Language = "en-US"
		}
		if run.Tool != nil && run.Tool.Driver != nil && run.Tool.Driver.Language == "" {
			run.Tool.Driver.Language = "en-US"
		}
	}
	return report.Validate()
}
