// Package country knows the codes of countries: those of ISO 3166-1, those that
// ISO 3166-3 keeps of countries that are no more, the numbers of the Correlates of
// War project and of Gleditsch and Ward, and codes that the World Bank used before
// it took over those of ISO.
//
//	c, err := country.Find("worldbank", "ZAR", 2010) // COD
//	c, ok := country.Of("US-CA")                     // the United States
//
// The table countries.csv holds facts only. Sources: ISO 3166-1 and 3166-3 for
// codes; the Correlates of War project's list of states, and Gleditsch and Ward's
// list of independent states, for numbers, each as the indices that Duly reads use
// them. XK and XKX for Kosovo are not of ISO; they are codes that ISO leaves to
// users and that the European Commission and the World Bank use.
//
// Nothing is guessed: a code that is in no list is none, and a country that had
// ended by a year has no code in it.
package country
