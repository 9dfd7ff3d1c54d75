"""All benchmarks one after the other: `make bench`."""

from tests.bench import (
    crowded_sign_in,
    import_bills,
    import_customers,
    known_and_unknown,
    sign_ins_beside_an_import,
    welcome_page,
)

welcome_page.main()
known_and_unknown.main()
crowded_sign_in.main()
import_bills.main()
import_customers.main()
sign_ins_beside_an_import.main()
