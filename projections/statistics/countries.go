package statistics

import "strings"

// countries names the countries of origin that the programme has seen most, as
// its own reports name them; any other one is shown by its ISO 3166-1 code.
const countries = "AR Argentina;BD Bangladesh;BO Bolivia;BR Brazil;BG Bulgaria;KH Cambodia;CM Cameroon;CL Chile;CN China;" +
	"CO Colombia;CR Costa Rica;CI Côte d'Ivoire;CU Cuba;DO Dominican Republic;EC Ecuador;EG Egypt;SV El Salvador;ER Eritrea;" +
	"ET Ethiopia;FJ Fiji;GM Gambia;GE Georgia;GH Ghana;GT Guatemala;GN Guinea;HT Haiti;HN Honduras;HU Hungary;IN India;" +
	"ID Indonesia;JM Jamaica;KE Kenya;KR Korea;KZ Kazakhstan;KG Kyrgyzstan;LA Laos;LR Liberia;LT Lithuania;MG Madagascar;" +
	"MW Malawi;MY Malaysia;ML Mali;MX Mexico;FM Micronesia;MD Moldova;MN Mongolia;MA Morocco;MM Burma;NP Nepal;NI Nicaragua;" +
	"NE Niger;NG Nigeria;PK Pakistan;PA Panama;PY Paraguay;PE Peru;PH Philippines;PL Poland;RO Romania;RU Russia;RW Rwanda;" +
	"WS Samoa;SN Senegal;SL Sierra Leone;SK Slovakia;SO Somalia;ZA South Africa;LK Sri Lanka;SD Sudan;TW Taiwan;TJ Tajikistan;" +
	"TZ Tanzania;TH Thailand;TG Togo;TO Tonga;TT Trinidad and Tobago;TR Turkey;UG Uganda;UA Ukraine;UY Uruguay;UZ Uzbekistan;" +
	"VE Venezuela;VN Vietnam;YE Yemen;ZM Zambia;ZW Zimbabwe"

func countryName(code string) string {
	for entry := range strings.SplitSeq(countries, ";") {
		if c, name, _ := strings.Cut(entry, " "); c == code {
			return name
		}
	}
	return code
}
