// Command records serves patient records.
package main

import (
	"os"

	"git.myhealth.example/clinical/records/internal/app"
	"git.myhealth.example/platform/chassis"
)

func main() { os.Exit(chassis.Main(app.Service)) }
