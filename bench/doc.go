// Bench measures what Echo costs, beside what else one might use: a loop over buffered channels, and the bare actor
// engine. It prints a Markdown table with the ratios and the goals that the library holds itself to.
//
//	go run . [-short] [-run regexp] [-rounds n] [-cpuprofile file]
//
// # How it measures
//
// All sides of a row run in this process, in rounds: one after the other, the first one changing with each round. Every
// round opens everything afresh, warms it up, collects the garbage, and then takes the time until the last message has
// been consumed, not until it has been published. What is shown is the median over the rounds; a ratio is the median of
// the rounds' ratios. Allocations are those of the whole process while the clock runs.
//
// Every side publishes the same 24-byte struct, made afresh for every publication, to consumers that count and add up
// what they get. A row whose count or sum is off by one is printed as wrong, and the exit code is 1.
//
// Ratios travel between machines; nanoseconds do not. RESULTS.md holds one run.
package main
