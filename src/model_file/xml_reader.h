// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modelhub::model_file {

// Goes through an XML document from tag to tag. As much of XML as programs write: elements,
// attributes, text, comments, processing instructions; no document types, so no entities but the
// five that everybody has. The first thing that is wrong ends it.
//
// Ownership:     borrows the text.
// Thread safety: one thread.
class XmlReader {
 public:
  enum class Tag { begin, end };

  explicit XmlReader(std::string_view text);

  // Goes to the next tag; an element without content has both. False at the end of the document,
  // and when it is not well formed: then problem() says why.
  bool advance();
  const char* problem() const { return problem_; }

  Tag tag() const { return tag_; }
  // The names of the elements that are open, the outermost first; that of an end tag included.
  const std::vector<std::string>& path() const { return path_; }
  const std::string& name() const { return path_.back(); }
  // Of a begin tag; empty when there is none.
  std::string attribute(std::string_view name) const;
  // Of an end tag: the text just before it.
  const std::string& text() const { return text_; }

 private:
  bool fail(const char* problem);
  bool skip_to(std::string_view end);
  void skip_blanks();
  std::string_view read_name();
  bool read_text();
  bool read_begin();
  bool read_end();
  bool read_attribute();
  bool append_decoded(std::string& to, std::string_view raw);

  std::string_view rest_;
  const char* problem_ = nullptr;
  Tag tag_ = Tag::begin;
  bool is_end_due_ = false;  // of an element without content
  bool pops_ = false;        // the end tag that was told last
  bool has_root_ = false;
  std::vector<std::string> path_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::string text_;
};

}  // namespace modelhub::model_file
