package policy

// FullTimeCapacity is the weight of open cases that a full-time case manager can
// carry (ours): one client of trafficking can outweigh 25 other cases (S4), and one
// such case leaves no room for another.
const FullTimeCapacity = 25
