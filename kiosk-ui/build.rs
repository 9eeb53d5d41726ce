//! Compiles the Slint pages with the English words bundled; Vietnamese is the source.

fn main() -> Result<(), slint_build::CompileError> {
    println!("cargo:rerun-if-changed=lang");
    // Tests and `make bench-screen` find buttons by their words; the shipped build has none of that.
    println!("cargo:rerun-if-env-changed=SLINT_EMIT_DEBUG_INFO");
    let debug = std::env::var("PROFILE").as_deref() == Ok("debug") || std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let config = slint_build::CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_bundled_translations("lang")
        .with_default_translation_context(slint_build::DefaultTranslationContext::None)
        .with_debug_info(debug || std::env::var_os("SLINT_EMIT_DEBUG_INFO").is_some())
        .embed_resources(slint_build::EmbedResourcesKind::EmbedFiles);
    slint_build::compile_with_config("ui/app.slint", config)
}
