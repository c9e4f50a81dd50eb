package main

import "math"

// City is a place that people know.
type City struct {
	Name     string
	Lat, Lon float64 // degrees
}

// cities are large or well-known cities near the places where the earth moves, and some elsewhere.
var cities = []City{
	{"Anchorage", 61.22, -149.90}, {"Fairbanks", 64.84, -147.72}, {"Seattle", 47.61, -122.33}, {"Portland", 45.52, -122.68},
	{"San Francisco", 37.77, -122.42}, {"Los Angeles", 34.05, -118.24}, {"San Diego", 32.72, -117.16}, {"Reno", 39.53, -119.81},
	{"Las Vegas", 36.17, -115.14}, {"Salt Lake City", 40.76, -111.89}, {"Helena", 46.59, -112.04}, {"Honolulu", 21.31, -157.86},
	{"Hilo", 19.71, -155.08}, {"Oklahoma City", 35.47, -97.52}, {"Memphis", 35.15, -90.05}, {"New York", 40.71, -74.01},
	{"San Juan", 18.47, -66.11}, {"Mexico City", 19.43, -99.13}, {"Guatemala City", 14.63, -90.51}, {"Lima", -12.05, -77.04},
	{"Santiago", -33.45, -70.67}, {"Reykjavik", 64.15, -21.94}, {"Lisbon", 38.72, -9.14}, {"Rome", 41.90, 12.50},
	{"Athens", 37.98, 23.73}, {"Istanbul", 41.01, 28.98}, {"Tehran", 35.69, 51.39}, {"Kabul", 34.53, 69.17},
	{"Delhi", 28.61, 77.21}, {"Kathmandu", 27.72, 85.32}, {"Jakarta", -6.21, 106.85}, {"Manila", 14.60, 120.98},
	{"Taipei", 25.03, 121.57}, {"Tokyo", 35.68, 139.69}, {"Guam", 13.44, 144.79}, {"Port Moresby", -9.44, 147.18},
	{"Suva", -18.14, 178.44}, {"Wellington", -41.29, 174.78}, {"Cape Town", -33.92, 18.42}, {"Ushuaia", -54.80, -68.30},
}

// earth is the mean radius of the earth in kilometres (IUGG).
const earth = 6371.0088

// nearest returns the city nearest to a place, and its distance in kilometres along the great circle.
func nearest(lat, lon float64) (City, float64) {
	best, least := cities[0], math.Inf(1)
	for _, c := range cities {
		if km := distance(lat, lon, c.Lat, c.Lon); km < least {
			best, least = c, km
		}
	}
	return best, least
}

// distance is the haversine formula: kilometres between two places given in degrees.
func distance(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	dlat, dlon := (lat2-lat1)*rad/2, (lon2-lon1)*rad/2
	h := math.Sin(dlat)*math.Sin(dlat) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Sin(dlon)*math.Sin(dlon)
	return 2 * earth * math.Asin(math.Sqrt(min(1, h))) // rounding may lift h above 1 for antipodes
}
