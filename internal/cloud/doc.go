// Package cloud speaks OpenStack for the rest of the program and is the only one that
// knows gophercloud. A Pool keeps one Client per cloud and credential; a Client reads and
// changes one project with exactly the rights of that credential.
//
// Every error is a *stackhand.Error, made in one place from what the services answered.
// Reads are tried again for a short while, and with a new token after a 401. Writes never
// are, because only the caller can find out whether a lost write was done: a 401 gets them a
// new token for the next call, and comes back as an error that passes.
package cloud
