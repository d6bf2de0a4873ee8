"""At home elsewhere: spaCy, hubs, packages. Each module is imported when it is used."""
