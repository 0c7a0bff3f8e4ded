package main

// bundleOptions are the flags of what is sealed and signed.
func bundleOptions() []option {
	return []option{
		{name: "recording", kind: isText, value: "DIR", usage: "the recording of the trace (the folder recording beside it without this)"},
		{name: "sign", kind: isText, value: "KEYFILE", usage: "sign the manifest with this secret key of minisign; its password is asked on the terminal, or comes from CLEW_SIGN_PASSWORD or --sign-password-file"},
		{name: "sign-password-file", kind: isText, value: "FILE", usage: "a file with the password of the key in its first line"},
	}
}
