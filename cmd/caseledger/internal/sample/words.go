package sample

import "strings"

// Everything named here is invented, except places. People have names that no
// one could take for real ones.

// A place is a city and the code of its State or territory.
type place struct{ city, state string }

// networkPlaces returns the places of the agencies, in the order in which they
// joined, and otherPlaces those of the ten second locations.
func networkPlaces() []place {
	return parsePlaces(`Los Angeles CA|Houston TX|Miami FL|New York NY|Washington DC|Saipan MP|Atlanta GA|Chicago IL|
San Diego CA|Phoenix AZ|Orlando FL|Boston MA|Honolulu HI|Newark NJ|Philadelphia PA|Seattle WA|Dallas TX|Denver CO|
Minneapolis MN|St. Louis MO|Tampa FL|San Francisco CA|Baltimore MD|Detroit MI|Nashville TN|New Orleans LA|Las Vegas NV|
Portland OR|Cleveland OH|Richmond VA|Charlotte NC|Kansas City MO|Austin TX|Louisville KY|Salt Lake City UT|Oklahoma City OK|
Indianapolis IN|Milwaukee WI|Albuquerque NM|Omaha NE|San Antonio TX|Sacramento CA|Fort Lauderdale FL|Brooklyn NY|Hartford CT|
Providence RI|Pittsburgh PA|Buffalo NY|Raleigh NC|Charleston SC|Jacksonville FL|Birmingham AL|Memphis TN|Little Rock AR|
Jackson MS|Des Moines IA|Wichita KS|Tucson AZ|El Paso TX|Fresno CA|San Jose CA|Oakland CA|Spokane WA|Boise ID|Anchorage AK|
Sioux Falls SD|Fargo ND|Columbus OH|Cincinnati OH|Grand Rapids MI|Worcester MA|Manchester NH|Portland ME|Burlington VT|
Wilmington DE|Camden NJ|Norfolk VA|Arlington VA|Fort Myers FL|Guaynabo PR`)
}

func otherPlaces() []place {
	return parsePlaces(`Long Beach CA|Galveston TX|Homestead FL|Queens NY|Hyattsville MD|Tinian MP|Savannah GA|Rockford IL|
Escondido CA|Mesa AZ`)
}

func parsePlaces(list string) []place {
	var places []place
	for entry := range strings.SplitSeq(list, "|") {
		entry = strings.TrimSpace(entry)
		cut := len(entry) - 2
		places = append(places, place{entry[:cut-1], entry[cut:]})
	}
	return places
}

func agencyName(i int, city string) string {
	first := []string{"Lantern", "Open Door", "Bridgeway", "Safe Harbor", "Cedar Grove", "New Dawn", "Riverbend", "Morning Star", "Hearthside", "Compass"}
	second := []string{"Family Services", "Refugee Center", "Immigrant Services", "Community Services", "Resettlement Program", "Survivor Services", "Social Services", "Women's Center"}
	return first[i%len(first)] + " " + second[(i/len(first)+i)%len(second)] + " of " + city
}

// origins are countries that letters and clients outside the profiled year come
// from, likelier ones more often.
var origins = strings.Fields(`MX MX MX MX MX MX TH TH TH TH TH PH PH PH PH KR KR KR GT GT GT IN IN SV SV HN HN
PE ID ID CN CN DO HT BR CO VN KE ET NG CM RU UA JM BO EC AR MD RO PL TG GH ML UG LK NP BD MN KH UZ KZ ZA EG TZ`)

// languageOf returns the usual language of choice of people from a country.
func languageOf(country string) string {
	switch country {
	case "MX", "GT", "SV", "HN", "PE", "DO", "CO", "BO", "EC", "AR", "PY":
		return "es"
	case "TH":
		return "th"
	case "PH":
		return "tl"
	case "KR":
		return "ko"
	case "ID":
		return "id"
	case "CN":
		return "zh"
	case "VN":
		return "vi"
	case "IN", "NP":
		return "hi"
	case "RU", "UA", "MD", "UZ", "KZ":
		return "ru"
	case "HT":
		return "ht"
	case "BR":
		return "pt"
	case "TG", "ML", "CM":
		return "fr"
	}
	return "en"
}

// otherLanguages are those that case managers have beside English and Spanish.
var otherLanguages = strings.Fields("th th th tl tl ko ko fr zh ru vi hi ht pt")

// letterStates are where letters outside the profiled children's go.
var letterStates = strings.Fields(`CA CA CA CA TX TX TX FL FL FL NY NY NY DC GA IL VA MD NJ HI AZ WA MA PA NC MI MO TN LA NV CO OR MP MP`)

// The invented parts of invented names.
var (
	givenParts  = strings.Fields("Qua Zel Vor Mir Tal Ysh Bren Ol Kav Nim Rud Sef")
	givenEnds   = strings.Fields("andra obel irin umo ethan ixa arel onda")
	familyParts = strings.Fields("Sample Example Specimen Fictiv Placehold Testwright Mockin Dummer")
	familyEnds  = strings.Fields("ley sen ova ström ides ington ara quist")
)

func inventedName(d dice) string {
	return pick(d, givenParts) + pick(d, givenEnds) + " " + pick(d, familyParts) + pick(d, familyEnds)
}
