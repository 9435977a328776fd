# Embeds data/presets/*.toml into the binary: writes presets.cpp, which defines presets() of settings/presets.hpp.
set(preset_rows "")
file(GLOB preset_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/presets/*.toml)
foreach(path IN LISTS preset_files)
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} text)
  string(APPEND preset_rows "    {\"${name}\", R\"toml(${text})toml\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
endforeach()
set(LNN_PRESETS_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/presets.cpp)
file(CONFIGURE OUTPUT ${LNN_PRESETS_SOURCE} @ONLY CONTENT [[
#include "settings/presets.hpp"

namespace lnn {

static constexpr Preset list[] = {
@preset_rows@};

std::span<const Preset> presets() { return list; }

}  // namespace lnn
]])
