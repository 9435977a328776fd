# the rooms of configuration and command line; paths relative to host/
set(LNN_CONFIG_SOURCES
    config/load.cpp
    config/schema.cpp
    config/toml_text.cpp
    config/validate.cpp
    config/write.cpp
    did_you_mean.cpp
    options.cpp
    signals.cpp)
