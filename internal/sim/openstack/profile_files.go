package openstack

// checkFiles holds the files that Nova is to put into a server against its quotas, in the order in which Nova does. The size that
// counts is that of the base64 text.
func (c *Cloud) checkFiles(q *call, f *orderForm) error {
	list, _ := f.in["personality"].([]any)
	limits := c.computeLimits(q.tok.projectID())
	if len(list) > limits["injected_files"] {
		return refusal(403, "Personality file limit exceeded")
	}
	for _, x := range list {
		file, isObject := x.(object)
		path, hasPath := file["path"].(string)
		contents, hasContents := file["contents"].(string)
		switch {
		case !isObject || !hasPath:
			return invalid("personality", list, "'path' is a required property")
		case !hasContents:
			return refusal(500, "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class 'KeyError'>")
		case len(path) > limits["injected_file_path_bytes"]:
			return refusal(403, "Personality file path exceeds maximum %d", limits["injected_file_path_bytes"])
		case len(contents) > limits["injected_file_content_bytes"]:
			return refusal(403, "Personality file content exceeds maximum %d", limits["injected_file_content_bytes"])
		}
	}
	return nil
}
