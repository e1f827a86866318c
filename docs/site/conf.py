"""Settings of Sphinx. `docs.site.build` writes the pages that it reads, and starts it."""

from importlib.metadata import version as installed

from docs.site.reference import missing_extras

project = "LUTscale"
author = "the LUTscale authors"
version = release = installed("lutscale")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns: list[str] = []

# Headings get the anchors that git hosts give them, so that links work in both places.
myst_heading_anchors = 4
myst_links_external_new_tab = False

# Docstrings write names between single backticks, as they stand in the code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": False}
autodoc_mock_imports = missing_extras()
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Ports", "params_style")]
napoleon_use_ivar = True
python_display_short_literal_types = True
toc_object_entries = False
# A type named `bytes` is Python's, though attributes of ours have that name as well.
suppress_warnings = ["ref.python"]

highlight_language = "text"

html_theme = "furo"
html_title = f"LUTscale {release}"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0b6b57",
        "color-brand-content": "#0b6b57",
        "color-brand-visited": "#0b6b57",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5fd0b4",
        "color-brand-content": "#5fd0b4",
        "color-brand-visited": "#5fd0b4",
    },
}
