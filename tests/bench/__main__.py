"""All benchmarks one after the other: `make bench`."""

from tests.bench import import_bills, welcome_page

welcome_page.main()
import_bills.main()
