# cowarp_sanitize(target): adds the sanitizer of COWARP_SANITIZER to the target and to what links it
# in the same build tree; a library that is installed says nothing of it to its users.
function(cowarp_sanitize target)
  if(COWARP_SANITIZER STREQUAL "none")
    return()
  elseif(NOT COWARP_SANITIZER MATCHES "^(address|thread|undefined|address\\+undefined)$")
    message(FATAL_ERROR "COWARP_SANITIZER is '${COWARP_SANITIZER}'; use none, address, thread, "
                        "undefined or address+undefined.")
  endif()
  string(REPLACE "+" "," sanitizers "${COWARP_SANITIZER}")
  set(flags -fsanitize=${sanitizers} -fno-omit-frame-pointer)
  if(COWARP_SANITIZER MATCHES "undefined")
    list(APPEND flags -fno-sanitize-recover=undefined)
  endif()
  foreach(flag IN LISTS flags)
    target_compile_options(${target} PUBLIC $<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:${flag}>>)
  endforeach()
  target_link_options(${target} PUBLIC $<BUILD_INTERFACE:-fsanitize=${sanitizers}>)
endfunction()
