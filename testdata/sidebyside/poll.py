"""Builds a server with a floating IP on a network of its own, straight through the HTTP APIs, the way a
guide for beginners does: one call after the other, and a look every five seconds until the server is ACTIVE.
Takes the server's name, then its image, flavor and external network by name. Then it takes all of it down.
Prints the seconds that the building took."""
import os
import sys
import time

import requests

NAME, IMAGE, FLAVOR, EXTERNAL = sys.argv[1:5]
POLL = 5


class Cloud:
    def __init__(self):
        env = os.environ
        domain = {"name": env.get("OS_USER_DOMAIN_NAME", "Default")}
        answer = requests.post(env["OS_AUTH_URL"].rstrip("/") + "/auth/tokens", json={"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": env["OS_USERNAME"], "domain": domain, "password": env["OS_PASSWORD"]}}},
            "scope": {"project": {"name": env["OS_PROJECT_NAME"], "domain": domain}}}}, timeout=60)
        answer.raise_for_status()
        self.head = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
        self.urls = {s["type"]: e["url"].rstrip("/") for s in answer.json()["token"]["catalog"]
                     for e in s["endpoints"] if e["interface"] == "public"}
        self.urls["network"] = self.urls["network"] + "/v2.0"
        self.urls["image"] = self.urls["image"] + "/v2"

    def call(self, method, service, path, body=None):
        answer = requests.request(method, self.urls[service] + path, json=body, headers=self.head, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def build(c, made):
    network = c.call("POST", "network", "/networks", {"network": {"name": NAME}})["network"]["id"]
    made.append(("network", "/networks/" + network))
    subnet = c.call("POST", "network", "/subnets", {"subnet": {
        "name": NAME, "network_id": network, "ip_version": 4, "cidr": "10.71.0.0/24"}})["subnet"]["id"]
    outside = c.call("GET", "network", "/networks?name=" + EXTERNAL)["networks"][0]["id"]
    router = c.call("POST", "network", "/routers", {"router": {
        "name": NAME, "external_gateway_info": {"network_id": outside}}})["router"]["id"]
    made.append(("network", "/routers/" + router))
    c.call("PUT", "network", "/routers/%s/add_router_interface" % router, {"subnet_id": subnet})
    made.append(("interface", router + " " + subnet))
    group = c.call("POST", "network", "/security-groups", {"security_group": {"name": NAME}})["security_group"]["id"]
    made.append(("network", "/security-groups/" + group))
    c.call("POST", "network", "/security-group-rules", {"security_group_rule": {
        "security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
        "port_range_min": 22, "port_range_max": 22}})
    port = c.call("POST", "network", "/ports", {"port": {
        "name": NAME, "network_id": network, "security_groups": [group]}})["port"]["id"]
    made.append(("network", "/ports/" + port))
    address = c.call("POST", "network", "/floatingips", {"floatingip": {"floating_network_id": outside}})["floatingip"]["id"]
    made.append(("network", "/floatingips/" + address))
    image = c.call("GET", "image", "/images?name=" + IMAGE)["images"][0]["id"]
    flavor = next(f["id"] for f in c.call("GET", "compute", "/flavors")["flavors"] if f["name"] == FLAVOR)
    server = c.call("POST", "compute", "/servers", {"server": {
        "name": NAME, "imageRef": image, "flavorRef": flavor, "networks": [{"port": port}]}})["server"]["id"]
    made.append(("compute", "/servers/" + server))
    while True:
        status = c.call("GET", "compute", "/servers/" + server)["server"]["status"]
        if status == "ACTIVE":
            break
        if status == "ERROR":
            sys.exit("the server is in ERROR")
        time.sleep(POLL)
    c.call("PUT", "network", "/floatingips/" + address, {"floatingip": {"port_id": port}})


def take_down(c, made):
    for service, what in reversed(made):
        if service == "interface":
            router, subnet = what.split()
            c.call("PUT", "network", "/routers/%s/remove_router_interface" % router, {"subnet_id": subnet})
            continue
        c.call("DELETE", service, what)
        while service == "compute":
            try:
                c.call("GET", service, what)
            except requests.HTTPError:
                break
            time.sleep(0.5)


def main():
    began, made, c = time.time(), [], None
    try:
        c = Cloud()
        build(c, made)
        print("%.3f" % (time.time() - began))
    finally:
        if c:
            take_down(c, made)


main()
