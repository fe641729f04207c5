// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine.h"
#include "modelhub/catalog.h"
#include "modelhub/result.h"
#include "store/store.h"

namespace modelhub::hub {

// Whether a file of the variant is an archive of which the engine gets what it holds.
bool has_held_files(const Variant& variant);

// Puts each file that an archive holds in the archive's place in `request`. The first load takes it
// out, into a folder of the home's `derived`; later ones find it there, and hash it to see that it
// is still what came out. Blocks as long as unpacking takes.
// Errors: corrupt_data (the archive has no such member, or one of another size), Subject::model;
//         no_space (`derived` never evicts a model), io_error.
Result<void> take_out_held_files(store::Store& store, const Variant& variant,
                                 engine::LoadRequest& request);

}  // namespace modelhub::hub
