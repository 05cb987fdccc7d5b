"""The HTTP door: `threecx serve`."""
