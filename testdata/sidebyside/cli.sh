#!/usr/bin/env bash
# Builds a server with a floating IP on a network of its own with the openstack client, a line for each thing, as
# somebody would type it. Takes the server's name, image, flavor and external network. Then it takes all of it down.
# Prints the seconds that the building took.
set -euo pipefail
name=$1 image=$2 flavor=$3 external=$4
began=$EPOCHREALTIME
took() { awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'; }
id() { "$@" -f value -c id; }

take_down() {
	set +e
	openstack server delete --wait "$name"
	[ -z "${address:-}" ] || openstack floating ip delete "$address"
	openstack port delete "$name"
	openstack security group delete "$name"
	openstack router remove subnet "$name" "$name"
	openstack router delete "$name"
	openstack network delete "$name"
}
trap 'take_down >/dev/null 2>&1' EXIT

network=$(id openstack network create "$name")
id openstack subnet create --network "$network" --subnet-range 10.72.0.0/24 "$name" >/dev/null
id openstack router create "$name" >/dev/null
openstack router set --external-gateway "$external" "$name"
openstack router add subnet "$name" "$name"
group=$(id openstack security group create "$name")
id openstack security group rule create --protocol tcp --dst-port 22 "$group" >/dev/null
port=$(id openstack port create --network "$network" --security-group "$group" "$name")
address=$(openstack floating ip create "$external" -f value -c floating_ip_address)
id openstack server create --image "$image" --flavor "$flavor" --port "$port" --wait "$name" >/dev/null
openstack server add floating ip "$name" "$address"
took
