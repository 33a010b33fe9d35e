package cloud

import "github.com/stackhand/stackhand"

// Why rows have no message of a real service beside them.
const (
	oldNova    = "said by Nova up to 2014"
	oldNeutron = "said by Neutron up to 2014"
	inFront    = "said by what stands in front of a service, each in its own words"
	byDriver   = "said by hypervisors that are not at hand"
	crowded    = "said of races that cannot be brought about at will"
	setUp      = "said by clouds that are set up in another way"
)

// faultWords are about servers in ERROR: nova/exception.py and nova/compute/manager.py.
var faultWords = []words{
	{name: "fault: no addresses", of: compute, status: inServer, says: `No fixed IP addresses available|No more IP addresses available`,
		msg: "The network has no free address left.", next: "Choose another network, or delete a server or port that is in it."},
	{name: "fault: address outside", of: compute, status: inServer, says: `Fixed IP (?P<ip>\S+) is not a valid ip address for network`,
		msg: "The address ${ip} does not lie in the network.", next: "Choose one of the network's subnet, or leave `--fixed-ip` away."},
	{name: "fault: address taken", of: compute, status: inServer, says: `Fixed IP address (?P<ip>\S+) is already in use`,
		msg: "The address ${ip} is taken.", next: "Choose another one, or leave `--fixed-ip` away.", unheld: crowded},
	{name: "fault: ports", of: compute, status: inServer, says: `(?i)maximum number of ports exceeded|PortLimitExceeded|number of defined ports`,
		msg: "The project may not have more ports, and each server needs one.", next: makeRoom, unheld: crowded},
	{name: "fault: network", of: compute, status: inServer, says: `(?i)Failed to allocate the network`,
		msg: "The cloud could not connect it to the network.", next: "Choose another network, or ask the cloud's administrator."},
	{name: "fault: plugging", of: compute, status: inServer, says: `(?i)Virtual Interface creation failed|vif_type|VIF`,
		msg:  "The network on the server's host did not answer in time.",
		next: "Try again; if it happens again, tell the cloud's administrator that the network agent of that host does not work.", unheld: byDriver},
	{name: "fault: image", of: compute, status: inServer, says: `Image (?P<image>\S+) could not be found`,
		msg: "Its image was deleted before the server had it.", next: "Choose another image: `image list` shows those there are.", unheld: crowded},
	{name: "fault: image unacceptable", of: compute, status: inServer, says: `Image \S+ is unacceptable|Disk format .* is not (supported|acceptable)`,
		msg: "The hypervisor cannot use its image.", next: "Choose another image, or ask whoever made it to upload it again.", unheld: byDriver},
	{name: "fault: disk too small", of: compute, status: inServer, says: `(?i)Flavor's disk is (too small|smaller)|FlavorDiskTooSmall`,
		msg: "The image is larger than the disk of the flavor.", next: "Choose a flavor with a larger disk: `flavor list` shows them.", unheld: byDriver},
	{name: "fault: volume", of: compute, status: inServer, says: `(?i)Block Device Mapping is Invalid|Volume \S+ did not finish being created`,
		msg: "Its volume could not be made or attached.", next: "`volume list` shows the volume's state; try again, or build without a volume.", unheld: crowded},
	{name: "fault: volume quota", of: compute, status: inServer, says: `VolumeLimitExceeded|VolumeSizeExceedsAvailableQuota`,
		msg: "The project's quota of volumes is full.", next: makeRoom, unheld: crowded},
	{name: "fault: tried in vain", of: compute, status: inServer, says: `Exceeded max(imum number of|_|.*?) ?(scheduling )?(attempts|retries)`,
		msg: "Every host on which the cloud tried to build it failed.", next: tellAdmin},
	{name: "fault: memory", of: compute, status: inServer, says: `(?i)Insufficient (compute resources|Free Memory)|not enough (RAM|memory)|Cannot allocate memory`,
		msg: "The host had too little memory for it.", next: "Try again, or choose a smaller flavor: `flavor list` shows them.", unheld: crowded},
	{name: "fault: disk full", of: compute, status: inServer, says: `(?i)No space left on device|not enough (disk|storage)`,
		msg: "The host's disk is full.", next: "Try again, or choose a flavor with a smaller disk.", unheld: byDriver},
	{name: "fault: zone", of: compute, status: inServer, says: `(?i)No valid host.*(zone|aggregate)`,
		msg:  "No host of that availability zone can take the server.",
		next: "Leave `--availability-zone` away, or choose another one.", unheld: oldNova},
	{name: "fault: no host to move to", of: compute, status: inServer, says: `No valid host (was )?found for (resize|cold migrate)`,
		msg: "No host has room for the new size.", next: "Choose a smaller flavor, or try again later.", unheld: setUp},
	{name: "fault: no host", of: compute, status: inServer, says: `No valid host`,
		msg:  "No host of the cloud has room for a server of this flavor.",
		next: "Choose a smaller flavor, or try again later; if it happens again, ask the cloud's administrator."},
	{name: "fault: timeout", of: compute, status: inServer, says: `(?i)MessagingTimeout|timed out waiting for`,
		msg: "A part of the cloud did not answer in time.", next: tellAdmin, unheld: crowded},
	{name: "fault: aborted", of: compute, status: inServer, says: `^Build of instance \S+ (aborted|was re-scheduled): (?P<why>.+)$`,
		msg: "The host gave up building it: ${why}.", next: tellAdmin},
}

// stateWords are about servers that are in another state than an act needs: nova/exception.py, InstanceInvalidState.
var stateWords = []words{
	{name: "locked", of: compute, status: 409, says: `^Instance \S+ is locked`,
		msg: "The server is locked against changes.", next: "`unlock` it first; who locked it may have had a reason."},
	{name: "in that state already", of: compute, status: 409,
		says: `^Cannot '((start|unpause|resume|unshelve)' .* vm_state active|stop' .* vm_state stopped|shelve' .* vm_state shelved)`,
		msg:  "The server is in that state already.", next: "There is nothing to do; `show` tells the state of the server."},
	{name: "no resize to answer", of: compute, status: 409, says: `^Cannot '(confirmResize|revertResize)' instance`,
		msg:  "No resize of the server waits to be confirmed or reverted.",
		next: "There is nothing to do; `events` lists what was done to the server."},
	{name: "no resize to answer, old", of: compute, status: 400, says: `Instance has not been resized`, kind: stackhand.Conflict,
		msg:    "No resize of the server waits to be confirmed or reverted.",
		next:   "There is nothing to do; `events` lists what was done to the server.",
		unheld: oldNova},
	{name: "waits for a resize", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state resized`,
		msg:  "The server is waiting for its resize to be confirmed or reverted, so it is not possible ${act}.",
		next: "Answer first: `resize NAME --confirm` or `resize NAME --revert`."},
	{name: "paused", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state paused`,
		msg: "The server is paused, so it is not possible ${act}.", next: "`unpause` it first."},
	{name: "suspended", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state suspended`,
		msg: "The server is suspended, so it is not possible ${act}.", next: "`resume` it first."},
	{name: "stopped", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state stopped`,
		msg: "The server is stopped, so it is not possible ${act}.", next: "`start` it first."},
	{name: "shelved", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state shelved`,
		msg: "The server is shelved, so it is not possible ${act}.", next: "`unshelve` it first."},
	{name: "in ERROR", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state error`,
		msg: "The server is in ERROR, so it is not possible ${act}.", next: "`show` tells why; `reboot --hard`, `rebuild` and `delete` work."},
	{name: "being built", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state building`,
		msg: "The server is still being built, so it is not possible ${act}.", next: "Wait until it is there, then try again."},
	{name: "other state", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in vm_state (?P<state>\S+)`,
		msg: "The server is ${state}, so it is not possible ${act}.", next: "`show` tells the state of the server.",
		unheld: "said of servers in rescue mode and the like, into which nothing here brings them"},
	{name: "busy", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in task_state (?P<task>\S+)`,
		msg: "Something else is being done to the server (${task}), so it is not possible ${act} now.", next: "Wait until that is done, then try again."},
	{name: "other attribute", of: compute, status: 409, says: `^Cannot '(?P<act>\w+)' instance \S+ while it is in (?P<what>\w+) (?P<state>\S+)`,
		msg: "As the server is now, it is not possible ${act}.", next: "`show` tells the state of the server.", unheld: setUp},
	{name: "not ready", of: compute, status: 409, says: `(?i)Instance \S+ is not ready|Instance not yet ready`,
		msg: "The server is not up: it is still being built, or its build failed.", next: "`show` tells which."},
}
