// The library's functions as csrc/alize.cpp has them, which Python calls by name and so needs no header of.
#pragma once
#include "../../../../csrc/model.h"
#include "../../../../csrc/pack.h"

namespace alize {
class Session;
}

extern "C" {
const alize::Kernels* alize_kernels(const char* wish);
void alize_room(int32_t format, int64_t rows, int64_t columns, alize::Room* room);
int32_t alize_pack(const alize::Packing*, int32_t count, int32_t threads);
void alize_unpack_row(const alize::Matrix* matrix, int32_t row, float* out);
alize::Session* alize_open(const alize::Model* model, const alize::Kernels* kernels, int32_t threads);
int32_t alize_give_cache(alize::Session* session, const alize::Cache* caches, int32_t layers);
int32_t alize_run(alize::Session* session, const alize::Step* step);
void alize_close(alize::Session* session);
int32_t alize_draw(const alize::Kernels* kernels, float* logits, int32_t vocab, int32_t rows, const alize::Draw* draw, const alize::Drawn* drawn);
void alize_turns(const float* speed, int32_t pairs, int32_t positions, float scale, float* cosines, float* sines);
}
