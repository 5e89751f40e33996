// Desk behaviour of record types; loaded with Desk (app_include_js), because scripts beside a type are not loaded
// where another app owns it.

import "./plain_text";
import "./date_notes";
import "./edge_lists";
import "./edge_gateway";
import "./excursion";
import "./observation";
import "./policy_forms";
import "./scale_ticket";
import "./site_choices";
import "./weighbridge_lists";
