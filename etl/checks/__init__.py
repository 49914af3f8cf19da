"""The checks that decide whether a day may be published: findings, each with a severity."""
