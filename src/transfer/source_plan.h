// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "modelhub/error.h"
#include "transfer/failure.h"
#include "transfer/transfer.h"
#include "transfer/url.h"

namespace modelhub::transfer {

enum class SourceKind { mirror, own };

struct Source {
  SourceKind kind = SourceKind::own;
  Url url;
};

// A source that was given up, and why.
struct FailedSource {
  SourceKind kind = SourceKind::own;
  std::string told;  // a sentence that names the source
  Failure failure;
};

// Where a file can come from, in the order to try: what lies on this machine first, then the
// network; of each the mirrors, then its own URLs; each once.
// Sources that cannot even be tried (not a URL, or the network is off) have failed already.
struct SourcePlan {
  std::vector<Source> sources;
  std::vector<FailedSource> failed;
};

// Gives a URL the token of exactly its scheme, host and port, if there is one.
void add_token(Url& url, const std::vector<HostToken>& tokens);

SourcePlan plan_sources(const TransferOptions& options, const FetchRequest& request);

// The one error for a fetch whose sources all failed: the code and hint of the most telling
// failure, and a message with the reason of each.
Error error_of_all(const FetchRequest& request, const std::vector<FailedSource>& failed);

}  // namespace modelhub::transfer
