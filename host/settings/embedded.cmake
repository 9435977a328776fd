# Embeds the files of data/ into the binary: writes presets.cpp and system_files.cpp, which define presets() of
# settings/presets.hpp and system_files() of settings/system_files.hpp. LNN_EMBEDDED_SOURCES: both.

# embed(FOLDER TYPE FUNCTION HEADER): data/FOLDER/*.toml, a TYPE with name and text each
function(embed folder type function header)
  set(rows "")
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/${folder}/*.toml)
  foreach(path IN LISTS files)
    get_filename_component(name ${path} NAME_WE)
    file(READ ${path} text)
    string(APPEND rows "    {\"${name}\", R\"toml(${text})toml\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include "settings/@header@"

namespace lnn {

static constexpr @type@ list[] = {
@rows@};

std::span<const @type@> @function@() { return list; }

}  // namespace lnn
]])
  list(APPEND LNN_EMBEDDED_SOURCES ${source})
  set(LNN_EMBEDDED_SOURCES ${LNN_EMBEDDED_SOURCES} PARENT_SCOPE)
endfunction()

embed(presets Preset presets presets.hpp)
embed(systems SystemFile system_files system_files.hpp)
