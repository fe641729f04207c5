/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for NVIDIA's libnvidia-ml.so.1, so that the GPU paths run on any machine. The build
 * makes several libraries of it: FAKE_GPUS is how many it has, FAKE_LOST the index of one that fell
 * off the bus, FAKE_INIT the status of its start, FAKE_OLD leaves a function out. It is written
 * from NVML's public documentation and declares the real structs, so that the offsets which the
 * library assumes are tested against them. */
#include <stdio.h>
#include <string.h>

#ifndef FAKE_GPUS
#define FAKE_GPUS 2
#endif
#ifndef FAKE_LOST
#define FAKE_LOST -1
#endif
#ifndef FAKE_INIT
#define FAKE_INIT 0
#endif

#define FAKE_API __attribute__((visibility("default")))

typedef struct fake_device {
  unsigned index;
} fake_device;

typedef struct {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
} fake_memory;

typedef struct {
  char busIdLegacy[16];
  unsigned domain;
  unsigned bus;
  unsigned device;
  unsigned pciDeviceId;
  unsigned pciSubSystemId;
  char busId[32];
} fake_pci;

static fake_device g_devices[8];

FAKE_API int nvmlInit_v2(void) { return FAKE_INIT; }
FAKE_API int nvmlShutdown(void) { return 0; }

FAKE_API const char* nvmlErrorString(int status) {
  switch (status) {
    case 9: return "Driver Not Loaded";
    case 15: return "GPU is lost";
    default: return "Unknown Error";
  }
}

FAKE_API int nvmlSystemGetDriverVersion(char* text, unsigned size) {
  snprintf(text, size, "550.54.15");
  return 0;
}

FAKE_API int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = FAKE_GPUS;
  return 0;
}

FAKE_API int nvmlDeviceGetHandleByIndex_v2(unsigned index, fake_device** device) {
  if ((int)index == FAKE_LOST) return 15;
  g_devices[index].index = index;
  *device = &g_devices[index];
  return 0;
}

FAKE_API int nvmlDeviceGetName(fake_device* device, char* text, unsigned size) {
  snprintf(text, size, "Fake GPU %u", device->index);
  return 0;
}

FAKE_API int nvmlDeviceGetUUID(fake_device* device, char* text, unsigned size) {
  snprintf(text, size, "GPU-00000000-0000-0000-0000-00000000000%u", device->index);
  return 0;
}

#ifndef FAKE_OLD
FAKE_API int nvmlDeviceGetPciInfo_v3(fake_device* device, fake_pci* pci) {
  memset(pci, 0, sizeof *pci);
  snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "0000:3%X:00.0", 0xA + device->index);
  snprintf(pci->busId, sizeof pci->busId, "00000000:3%X:00.0", 0xA + device->index);
  return 0;
}
#endif

/* What a test says; otherwise the first GPU has much and the others nothing. */
static unsigned long long g_free[8] = {70ULL << 30};

FAKE_API void fake_nvml_set_free(unsigned index, unsigned long long bytes) {
  g_free[index] = bytes;
}

FAKE_API int nvmlDeviceGetMemoryInfo(fake_device* device, fake_memory* memory) {
  memory->total = 80ULL << 30;
  memory->free = g_free[device->index];
  memory->used = memory->total - memory->free;
  return 0;
}
