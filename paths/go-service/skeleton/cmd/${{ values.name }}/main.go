// Command ${{ values.name }} serves, migrates, or checks its configuration; --help tells how.
package main

import (
	"os"

	"git.myhealth.example/platform/chassis"

	"git.myhealth.example/${{ values.team }}/${{ values.name }}/internal/app"
)

func main() { os.Exit(chassis.Main(app.Service())) }
