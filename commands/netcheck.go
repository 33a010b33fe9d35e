package commands

import (
	"net/netip"
	"strings"
)

// checkCIDR reads a block of addresses, such as 10.0.0.0/24.
func checkCIDR(command, value string) (netip.Prefix, error) {
	block, err := netip.ParsePrefix(value)
	switch {
	case err != nil:
		return block, find(command).misuse("%s is no block of addresses: it is written like 10.0.0.0/24 or fd00:1::/64.", quote(clip(value, 60)))
	case block != block.Masked():
		return block, find(command).misuse("%s is an address within a block; the block itself is %s.", value, block.Masked())
	}
	return block, nil
}

// checkRange reads what a rule is about: a block, or a single address, which is a block of one.
func checkRange(command, value string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(value); err == nil && ip.Zone() == "" {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	return checkCIDR(command, value)
}

// checkAddress reads one address; with a valid block it has to be within that.
func checkAddress(command, value string, within netip.Prefix) (netip.Addr, error) {
	ip, err := netip.ParseAddr(value)
	switch {
	case err != nil || ip.Zone() != "":
		return ip, find(command).misuse("%s is no address: it is written like 10.0.0.9 or fd00:1::9.", quote(clip(value, 60)))
	case within.IsValid() && !within.Contains(ip):
		return ip, find(command).misuse("%s is not in %s.", value, within)
	}
	return ip, nil
}

// pairsOf reads what the openstack client takes as several values in one: start=A,end=B. Keys other than those known are refused.
func pairsOf(command, option, value string, keys ...string) (map[string]string, error) {
	out := map[string]string{}
	for _, part := range strings.Split(value, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		known := false
		for _, key := range keys {
			known = known || k == key
		}
		if !ok || !known || v == "" {
			return nil, find(command).misuse("%s is written like %s=…, not %s.", option, strings.Join(keys, "=…,"), quote(clip(value, 60)))
		}
		out[k] = v
	}
	return out, nil
}
