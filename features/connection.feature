@connection @blocker
Feature: Client connection
  The call accounting client opens a session with the exchange over each way that an
  installation may ask for, and collects a call over it.

  @CIC1
  Scenario: CIC1 Connection through a proxy with login
    Given an exchange without tickets
    And the collector reaches it only through a proxy that asks for a login
    When 1 call is made
    And the collector is started
    Then the collector collects every ticket
    And the session passed through the proxy with its login
    And every ticket is delivered once and unchanged

  @CIC2
  Scenario: CIC2 Connection on either port of the service
    Given an exchange without tickets
    When 1 call is made
    And the collector is started on the standard port
    Then the collector collects every ticket
    When the collector is stopped
    And 1 call is made
    And the collector is started on the alternate port
    Then the collector collects every ticket
    And a session was opened on each port
    And every ticket is delivered once and unchanged

  @CIC3
  Scenario: CIC3 Connection with Basic authentication
    Given an exchange without tickets
    When 1 call is made
    And the collector is started
    Then the collector collects every ticket
    And the requests carry the account by Basic authentication
    And every ticket is delivered once and unchanged

  @CIC4
  Scenario: CIC4 Connection by the name of the exchange
    Given an exchange without tickets
    And the collector knows it by name
    When 1 call is made
    And the collector is started
    Then the collector collects every ticket
    And the connection asked for the exchange by its name
    And every ticket is delivered once and unchanged

  @CIC5
  Scenario: CIC5 The client accepts cookies
    Given an exchange without tickets
    And the exchange serves no request without its cookie
    When 1 call is made
    And the collector is started
    Then the collector collects every ticket
    And the cookie comes back with the later requests
    And every ticket is delivered once and unchanged

  @CIC6 @nmc
  Scenario: CIC6 Direct connection to the ticket file of the NMC
    Given an exchange without tickets
    When 3 calls are made
    And the collector is started
    Then the collector collects every ticket
    And the session used the account of the NMC
    And the file was fetched whole
    And every ticket is delivered once and unchanged
