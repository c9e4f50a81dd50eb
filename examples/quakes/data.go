package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
)

// week is the recorded feed that comes with the program: all earthquakes of the week before 7 February 2018,
// as the USGS Earthquake Hazards Program published them (public domain), compressed with gzip.
//
//go:embed data/all_week.geojson.gz
var week []byte

// openFeed opens the recorded week for an empty path, standard input for "-", and the named file otherwise.
// It returns the name that errors shall give the feed. The caller closes it.
func openFeed(path string) (string, io.ReadCloser, error) {
	switch path {
	case "":
		return "all_week.geojson.gz", io.NopCloser(bytes.NewReader(week)), nil
	case "-":
		return "standard input", io.NopCloser(os.Stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("quakes: %w", err)
	}
	return path, f, nil
}
