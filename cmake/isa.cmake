# Files x_simd.cpp are compiled once per instruction set, with TOMOGRAD_ISA naming the namespace their code lives in
# (isa_avx2, isa_avx512, isa_avx512bf16) over kernels/vec.h; x.cpp beside it picks one at run time (kernels/cpu_isa.h).
set(TOMOGRAD_ISA_avx2 -mavx2 -mfma -mf16c)
set(TOMOGRAD_ISA_avx512 -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
set(TOMOGRAD_ISA_avx512bf16 ${TOMOGRAD_ISA_avx512} -mavx512bf16)
function(tomograd_isa_sources target)
  foreach(source ${ARGN})
    get_filename_component(stem ${source} NAME_WE)
    foreach(isa avx2 avx512 avx512bf16)
      set(copy ${CMAKE_BINARY_DIR}/isa/${stem}_${isa}.cpp)
      file(CONFIGURE OUTPUT ${copy} CONTENT "#include \"${source}\"\n")
      set_source_files_properties(${copy} PROPERTIES COMPILE_OPTIONS "${TOMOGRAD_ISA_${isa}};-O3" COMPILE_DEFINITIONS "TOMOGRAD_ISA=isa_${isa};TOMOGRAD_ISA_${isa}=1" SKIP_PRECOMPILE_HEADERS ON)
      set_property(SOURCE ${copy} APPEND PROPERTY OBJECT_DEPENDS ${source})
      target_sources(${target} PRIVATE ${copy})
    endforeach()
  endforeach()
endfunction()

# x_amx.cpp: for processors with matrix tiles alone, over the same vectors.
function(tomograd_amx_sources)
  foreach(source ${ARGN})
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${TOMOGRAD_ISA_avx512bf16};-O3" COMPILE_DEFINITIONS "TOMOGRAD_ISA=isa_amx;TOMOGRAD_ISA_avx512bf16=1" SKIP_PRECOMPILE_HEADERS ON)
  endforeach()
endfunction()
