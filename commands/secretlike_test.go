package commands

import (
	"strings"
	"testing"
)

// Lines with secrets in them, in the forms in which people paste them, are known; ordinary ones are left alone.
func TestSecretlikeTable(t *testing.T) {
	for _, s := range []string{
		"export OS_PASSWORD=hunter2", "OS_PASSWORD=hunter2", "--password hunter2", "--password=hunter2", "password: hunter2", "Password: hunter2", "pw: hunter2",
		"my password is hunter2", "the password for bob is hunter2", "passwort: geheim", "mot de passe : x1y2",
		"-----BEGIN OPENSSH PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----", "-----BEGIN PGP PRIVATE KEY BLOCK-----", "—--BEGIN RSA PRIVATE KEY—--",
		"xoxb-123456789012-abcdefg", "xoxp-1-2-3-abcdef", "xoxe.xoxb-1-abcdefgh", "xapp-1-A0-123-abc", "xoxc-111-222",
		"OS_APPLICATION_CREDENTIAL_SECRET=abcdefg", "application_credential_secret: abcdef", "--os-application-credential-secret abcdef",
		strings.Repeat("aB3_-x9Z", 10) + "abcdef", "here is it: " + strings.Repeat("aB3_-x9Z", 10) + "abcdef ok?",
		"AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "github_pat_11ABCDEFG0abcdefghijkl_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVW", "glpat-abcdefghij0123456789",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
		"gAAAAABlxyz0123456789abcdefABCDEF0123456789",
		"clouds:\n  lab:\n    auth:\n      username: bob\n      password: hunter2", "auth: {username: bob, password: hunter2}", `{"auth": {"password": "hunter2"}}`,
		"https://bob:hunter2@example.org/x", "postgres://u:p4ss@h/db", "sshpass -p hunter2 ssh x", "mysql -phunter2", "curl -u bob:hunter2 https://x",
		"X-Auth-Token: abcdef0123456789", "Authorization: Basic Ym9iOmh1bnRlcjI=", "Authorization: Bearer abcdefghijklmnopqrst", "--os-token abcdef", "OS_TOKEN=abc",
		"adminPass=hunter2", "admin_pass: x1", "--admin-pass hunter2", "chpasswd: bob:hunter2", "root:$6$rounds=4096$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz", "STACKHAND_KEYSET=eyJwcmltYXJ5",
		"eyJwcmltYXJ5S2V5SWQiOjEyMzQ1Njc4OTAsImtleSI6W3sia2V5RGF0YSI6eyJ0eXBlVXJsIjoi", "sk-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL", "npm_abcdefghijklmnopqrstuvwxyz0123456789", "hooks.slack.com/services/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX", "AIzaSyA1234567890abcdefghijklmnopqrstuvw", "client_secret=abcdef", "token: abcdef0123456789abcdef", "api key: 1234567890abcdef",
		"PuTTY-User-Key-File-3: ssh-ed25519", "age-secret-key-1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
	} {
		if what, yes := Secretlike(s); !yes || what == "" {
			t.Errorf("not known: %.80q", s)
		}
	}
	for _, s := range []string{
		"create web-1 --for 3d --image \"Ubuntu 22.04\"", "password web-1", "password web-1 --show", "rebuild web-1 --password", "set a new password for web-1", "what is the password policy?", "I forgot my password, help", "reset password", "help password",
		"keypair create laptop --public-key \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3Hq0Zk7mXo0nq3Yw3k0lZ5m4f6y8Q1w2e3r4t5y6u7 alice@laptop\"",
		"keypair create laptop ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDRetnGkNbG8Yq5Fz0v0V1sJb0x7L3K5q9r8h6n7m4j2k1l0p9o8i7u6y5t4r3e2w1qAaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz0123456789 alice",
		"-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "create web --property role=secretary", "create web --property team=passat", "create bypass-1", "create token-server", "server create --name password-manager", "list --name secret-santa",
		"show 7aed661c-affd-4e64-a276-e69661aab018", "show 7aed661caffd4e64a276e69661aab018", "login", "login --project team-b", "tokens are fun", "the token has expired", "application credential delete 7aed661caffd4e64a276e69661aab018", "use cloud lab", "extend web-1 --by 2d", "https://example.org/path?x=1:2@3", "ssh ubuntu@203.0.113.7", "security group rule create web --dst-port 22", "create web-1 --user-data",
		"delete the-secret-project", "deny xyz because the password is weak?", "audit --since 2d", "create 3 small ubuntu servers named web for 2 days", "image list --property hw_disk_bus=virtio", "pass it on: web-1 is ready", "how do I pass: see the docs",
		"deny ab12 the image's sha256 is 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "sha512 " + strings.Repeat("0123456789abcdef", 8),
		"create web --property secret_level=low", "what does --password do?", "is my password stored?", "password?", "Where is the token kept?", "create web --key-name id_rsa", "show sk-frontend-production-eu-west", "keypair create k --public-key \"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIFz bob@key\"",
	} {
		if what, yes := Secretlike(s); yes {
			t.Errorf("taken for %s: %.80q", what, s)
		}
	}
}
