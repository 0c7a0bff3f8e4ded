package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
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

// cores returns how many processors the run has.
func cores() int { return runtime.NumCPU() }

// tick is the unit in which Linux tells the processor time of processes.
const tick = 10 * time.Millisecond

// processCPU returns the processor time of a process so far, all its threads together; 0
// where the system does not tell.
func processCPU(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// pid (name) state …: the name may hold anything. Behind it user and system time are the
	// 12th and 13th field.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	sum := time.Duration(0)
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		sum += time.Duration(n) * tick
	}
	return sum
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
