/* SPDX-License-Identifier: Apache-2.0
 * libFuzzer as a library: llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library". */
#ifndef MCP_FUZZER_H
#define MCP_FUZZER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one_input)(const uint8_t *data, size_t size));

#endif
