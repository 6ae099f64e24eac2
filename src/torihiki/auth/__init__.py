"""Who is calling: applications, authorisations, tokens and usage plans."""
