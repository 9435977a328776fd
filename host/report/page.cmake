# Embeds page.css and page.js into the binary: writes report_page.cpp, which defines the functions of report/page.hpp.
foreach(kind css js)
  set(path ${CMAKE_CURRENT_LIST_DIR}/page.${kind})
  file(READ ${path} page_${kind})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
endforeach()
set(LNN_PAGE_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/report_page.cpp)
file(CONFIGURE OUTPUT ${LNN_PAGE_SOURCE} @ONLY CONTENT [[
#include "report/page.hpp"

namespace lnn {

std::string_view page_style() { return R"page(@page_css@)page"; }

std::string_view page_script() { return R"page(@page_js@)page"; }

}  // namespace lnn
]])
