"""All benchmarks one after the other: `make bench`."""

from tests.bench import crowded_sign_in, import_bills, known_and_unknown, welcome_page

welcome_page.main()
known_and_unknown.main()
crowded_sign_in.main()
import_bills.main()
