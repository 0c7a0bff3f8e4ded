package main

import (
	"os"
	"strconv"
	"strings"
)

// peakMiB returns the peak resident memory of this process, 0 where the system does not tell.
func peakMiB() int64 { return kib("/proc/self/status", "VmHWM:") / 1024 }

// memoryGiB returns the memory of the machine, rounded; 0 where the system does not tell.
func memoryGiB() int64 { return (kib("/proc/meminfo", "MemTotal:") + 1<<19) >> 20 }

// kib returns the number behind name in a file of lines.
func kib(file, name string) int64 {
	fields := strings.Fields(after(file, name))
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// processor returns the name of the machine's processor, "" where the system does not tell.
func processor() string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(after("/proc/cpuinfo", "model name")), ":"))
}

// after returns the rest of the first line that begins with name.
func after(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return rest
		}
	}
	return ""
}

// thousands writes n in groups of three digits.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
