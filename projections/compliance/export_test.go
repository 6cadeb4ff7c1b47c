package compliance

// Allot is for tests of how a draw is divided.
var Allot = allot
