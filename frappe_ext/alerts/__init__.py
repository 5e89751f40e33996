"""Alerts: who has to know at once, and who may read it in a digest.

noting    one row in Edge Alert beside the row that caused it, in its transaction (events, gateways, certificates, keys)
plan      which of the waiting ones go at once and which are gathered: a storm is one mail
delivery  one mail and one bell per person, to those of the site only
post      hands our mails to the mail server, also on a site whose scheduler sleeps
wake      one job after the commit; heartbeats wake it too
"""
