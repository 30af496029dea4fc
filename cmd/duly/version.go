package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// release is the version of the source tree.
const release = "0.1.0"

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(a *app) error {
	return a.print(map[string]string{"version": version()}, func(out io.Writer) { fmt.Fprintln(out, "duly", version()) })
}

// version gives the release and, where the build knows it, the revision.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return release + "+" + s.Value[:12]
			}
		}
	}
	return release
}
