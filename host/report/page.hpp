// page.css and page.js, embedded at build time (report/page.cmake): a report needs nothing beside it.
#pragma once

#include <string_view>

namespace lnn {

std::string_view page_style();
std::string_view page_script();

}  // namespace lnn
