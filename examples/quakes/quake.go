package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// Quake is one event of the feed: an earthquake or, at times, an explosion or a quarry blast. It is shared by all
// consumers, so nobody changes it.
type Quake struct {
	ID    string    // unique in the feed: "ci37868143"
	Net   string    // the network that reports it: "ci"
	Kind  string    // "earthquake", "explosion", "quarry blast", …
	Place string    // in words; empty if the feed gives none
	Time  time.Time // of the event, UTC, to the millisecond
	Mag   *float64  // nil: the network has not determined a magnitude
	Lat   float64   // degrees, -90 to 90
	Lon   float64   // degrees, -180 to 180
	Depth *float64  // kilometres; nil: the feed gives two coordinates only
}

const (
	maxID  = 128 // bytes
	maxNet = 32  // bytes

	// Magnitudes outside are typing errors: the scale is logarithmic, the greatest earthquake ever recorded had 9.5,
	// and instruments close by record down to about -3.
	minMag, maxMag = -10, 15

	// The year 9999 is the last that RFC 3339 can write. Milliseconds since 1970.
	minTime, maxTime = -62135596800000, 253402300799999
)

// readQuake reads one GeoJSON feature as the USGS describes it
// (https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php). It returns the feature's id even if something else
// is wrong with the feature, and an error that names the first member that is missing or wrong.
func readQuake(data []byte) (id string, q Quake, err error) {
	var f struct{ Type, ID, Properties, Geometry json.RawMessage }
	if err := member(data, "the feature", "an object", &f); err != nil {
		return "", q, err
	}
	if err := text(f.ID, "id", maxID, &q.ID); err != nil {
		return "", q, err
	}
	var kind string
	if err := text(f.Type, "type", maxID, &kind); err != nil {
		return q.ID, q, err
	}
	if kind != "Feature" {
		return q.ID, q, fmt.Errorf("type is %q, not \"Feature\"", kind)
	}
	if err := q.properties(f.Properties); err != nil {
		return q.ID, q, err
	}
	return q.ID, q, q.point(f.Geometry)
}

// properties reads what the feature says about the event.
func (q *Quake) properties(data json.RawMessage) error {
	var p struct{ Mag, Place, Time, Net, Type json.RawMessage }
	if err := member(data, "properties", "an object", &p); err != nil {
		return err
	}
	if err := text(p.Net, "properties.net", maxNet, &q.Net); err != nil {
		return err
	}
	if !plain(q.Net) {
		return fmt.Errorf("properties.net is %q: only letters, digits, '-' and '_' can name a topic", q.Net)
	}
	if err := text(p.Type, "properties.type", maxID, &q.Kind); err != nil {
		return err
	}
	var ms int64
	if err := member(p.Time, "properties.time", "a whole number of milliseconds", &ms); err != nil {
		return err
	}
	if ms < minTime || ms > maxTime {
		return fmt.Errorf("properties.time is %d: outside of the years 1 to 9999", ms)
	}
	q.Time = time.UnixMilli(ms).UTC()
	if p.Mag == nil || !null(p.Mag) { // null is the feed's word for "not determined"; a missing member is a fault
		var mag float64
		if err := member(p.Mag, "properties.mag", "a number or null", &mag); err != nil {
			return err
		}
		if mag < minMag || mag > maxMag {
			return fmt.Errorf("properties.mag is %g: outside of %d to %d", mag, minMag, maxMag)
		}
		q.Mag = &mag
	}
	if p.Place != nil && !null(p.Place) {
		return member(p.Place, "properties.place", "a string or null", &q.Place)
	}
	return nil
}

// point reads where the event was: longitude, latitude and, if given, depth.
func (q *Quake) point(data json.RawMessage) error {
	var g struct{ Type, Coordinates json.RawMessage }
	if err := member(data, "geometry", "an object", &g); err != nil {
		return err
	}
	var kind string
	if err := text(g.Type, "geometry.type", maxID, &kind); err != nil {
		return err
	}
	if kind != "Point" {
		return fmt.Errorf("geometry.type is %q, not \"Point\"", kind)
	}
	var all []json.RawMessage
	if err := member(g.Coordinates, "geometry.coordinates", "an array", &all); err != nil {
		return err
	}
	if len(all) != 2 && len(all) != 3 {
		return fmt.Errorf("geometry.coordinates has %d numbers, not 2 or 3", len(all))
	}
	var at [3]float64
	for i, raw := range all {
		if err := member(raw, fmt.Sprintf("geometry.coordinates[%d]", i), "a number", &at[i]); err != nil {
			return err
		}
	}
	q.Lon, q.Lat = at[0], at[1]
	if q.Lon < -180 || q.Lon > 180 || q.Lat < -90 || q.Lat > 90 {
		return fmt.Errorf("geometry.coordinates gives longitude %g and latitude %g, not within 180 and 90 degrees", q.Lon, q.Lat)
	}
	if len(all) == 3 {
		q.Depth = &at[2]
	}
	return nil
}
