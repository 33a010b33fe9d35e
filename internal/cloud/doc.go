// Package cloud speaks OpenStack for the rest of the program and is the only one that
// knows gophercloud. A Pool keeps one Client per cloud and credential; a Client reads and
// changes one project with exactly the rights of that credential.
//
// Every error is a *stackhand.Error, made in one place from what the services answered.
// Reads are tried again for a short while; writes never are, apart from a fresh token after
// a 401, because only the caller can find out whether a lost write was done.
package cloud
