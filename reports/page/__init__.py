"""The page of a program: one file of HTML that joins what every report says."""
